// One workgroup a row: Adam, and if asked the row divided by its norm.
@group(0) @binding(0) var<storage, read_write> value: array<f32>;
@group(0) @binding(1) var<storage, read_write> first_moment: array<f32>;
@group(0) @binding(2) var<storage, read_write> second_moment: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> clip: array<f32>;
@group(0) @binding(5) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 64u;
const REST1 = 0.1;
const BETA2 = 0.999;
const REST2 = 0.001;
const EPSILON = 1e-8;

var<workgroup> parts: array<f32, THREADS>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = info[0].x;
    let width = info[0].y;
    let stride = info[0].z;
    let is_unit = info[0].w == 1u;
    let step_size = bitcast<f32>(info[1].x);
    let second_scale = bitcast<f32>(info[1].y);
    let row = (group.y * groups.x + group.x) * width;
    if row >= n {
        return;
    }
    let factor = clip[0];
    var squares = 0.0;
    let end = min(row + width, n);
    for (var at = row + thread; at < end; at += THREADS) {
        let g = gradient[at * stride] * factor;
        let m = first_moment[at] + (g - first_moment[at]) * REST1;
        let v = second_moment[at] * BETA2 + REST2 * g * g;
        first_moment[at] = m;
        second_moment[at] = v;
        let moved = value[at] - step_size * (m / (sqrt(v) / second_scale + EPSILON));
        value[at] = moved;
        squares += moved * moved;
    }
    if is_unit {
        parts[thread] = squares;
        workgroupBarrier();
        var all = 0.0;
        for (var other = 0u; other < THREADS; other++) {
            all += parts[other];
        }
        let norm = sqrt(all);
        if norm > 0.0 {
            for (var at = row + thread; at < end; at += THREADS) {
                value[at] = value[at] / norm;
            }
        }
    }
}
