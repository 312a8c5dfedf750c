// One workgroup a cell: x̂ and its error column by column, then the gradient of every active entry, eight threads each.
@group(0) @binding(0) var<storage, read_write> starts: array<u32>;
@group(0) @binding(1) var<storage, read_write> features: array<u32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> decoder: array<f32>;
@group(0) @binding(4) var<storage, read_write> target_cells: array<f32>;
@group(0) @binding(5) var<storage, read_write> error: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(7) var<storage, read_write> sums: array<f32>;
@group(0) @binding(8) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 128u;
const LANES = 8u;

var<workgroup> parts: array<f32, THREADS>;
var<workgroup> n_entries: u32;

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n_cells = info[0].x;
    let d = info[0].y;
    let scale = bitcast<f32>(info[0].z);
    let cell = group.y * groups.x + group.x;
    if cell >= n_cells {
        return;
    }
    let begin = starts[cell];
    let end = starts[cell + 1u];
    let row = cell * d;
    var squares = 0.0;
    for (var column = thread; column < d; column += THREADS) {
        var sum = 0.0;
        for (var at = begin; at < end; at++) {
            let value = values[at];
            if value == 0.0 {
                break;
            }
            sum += value * decoder[features[at] * d + column];
        }
        let difference = sum - target_cells[row + column];
        squares += difference * difference;
        error[row + column] = difference * scale;
    }
    parts[thread] = squares;
    if thread == 0u {
        n_entries = end - begin;
    }
    storageBarrier();
    let n = workgroupUniformLoad(&n_entries);
    if thread == 0u {
        var squared_error = 0.0;
        for (var other = 0u; other < THREADS; other++) {
            squared_error += parts[other];
        }
        var activation = 0.0;
        var n_active = 0.0;
        for (var at = begin; at < end; at++) {
            activation += values[at];
            n_active += select(0.0, 1.0, values[at] > 0.0);
        }
        sums[cell * 3u] = squared_error;
        sums[cell * 3u + 1u] = activation;
        sums[cell * 3u + 2u] = n_active;
    }
    workgroupBarrier();
    let lane = thread % LANES;
    for (var first = 0u; first < n; first += THREADS / LANES) {
        let entry = first + thread / LANES;
        let at = begin + entry;
        var part = 0.0;
        if entry < n && values[at] > 0.0 {
            let weights = features[at] * d;
            for (var column = lane; column < d; column += LANES) {
                part += error[row + column] * decoder[weights + column];
            }
        }
        parts[thread] = part;
        workgroupBarrier();
        if lane == 0u && entry < n {
            var sum = 0.0;
            for (var other = 0u; other < LANES; other++) {
                sum += parts[thread + other];
            }
            gradient[at] = sum;
        }
        workgroupBarrier();
    }
}
