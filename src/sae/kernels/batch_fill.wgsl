// One workgroup a cell: writes its entries above the batch's edge, and the first of those on it that are left to it.
@group(0) @binding(0) var<storage, read_write> pre: array<f32>;
@group(0) @binding(1) var<storage, read_write> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> rows: array<u32>;
@group(0) @binding(4) var<storage, read_write> starts: array<u32>;
@group(0) @binding(5) var<storage, read_write> features: array<u32>;
@group(0) @binding(6) var<storage, read_write> values: array<f32>;
@group(0) @binding(7) var<storage, read_write> cells: array<atomic<u32>>;
@group(0) @binding(8) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 128u;
const INFINITY_BITS = 0x7f800000u;

var<workgroup> parts: array<vec2<u32>, THREADS>;

// The bits of a positive value, else 0.
fn bits_of(at: u32, feature: u32) -> u32 {
    let bits = bitcast<u32>(pre[at + feature] + bias[feature]);
    return select(bits, 0u, bits > INFINITY_BITS);
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n_cells = info[0].x;
    let n_features = info[0].y;
    let n_words = info[0].z;
    let cell = group.y * groups.x + group.x;
    if cell >= n_cells {
        return;
    }
    let edge = atomicLoad(&state[0]);
    let n_tied = rows[cell * 2u + 1u];
    let row = cell * n_features;
    let stretch = (n_features + THREADS - 1u) / THREADS;
    let begin = min(thread * stretch, n_features);
    let end = min(begin + stretch, n_features);
    var part = vec2<u32>();
    for (var feature = begin; feature < end; feature++) {
        let bits = bits_of(row, feature);
        part += vec2<u32>(select(0u, 1u, bits > edge), select(0u, 1u, bits == edge && bits != 0u));
    }
    parts[thread] = part;
    workgroupBarrier();
    var before = vec2<u32>();
    for (var other = 0u; other < thread; other++) {
        before += parts[other];
    }
    var at = starts[cell] + before.x + min(before.y, n_tied);
    var smallest = INFINITY_BITS;
    for (var feature = begin; feature < end; feature++) {
        let bits = bits_of(row, feature);
        let is_tied = bits == edge && bits != 0u;
        if bits > edge || (is_tied && before.y < n_tied) {
            features[at] = feature;
            values[at] = bitcast<f32>(bits);
            atomicOr(&cells[feature * n_words + cell / 32u], 1u << (cell % 32u));
            smallest = min(smallest, bits);
            at += 1u;
        }
        before.y += select(0u, 1u, is_tied);
    }
    if smallest < INFINITY_BITS {
        atomicMin(&state[2], smallest);
    }
}
