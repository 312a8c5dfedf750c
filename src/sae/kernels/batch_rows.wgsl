// One workgroup a cell: how many of its values are above the batch's edge and how many on it.
@group(0) @binding(0) var<storage, read_write> pre: array<f32>;
@group(0) @binding(1) var<storage, read_write> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<u32>;
@group(0) @binding(3) var<storage, read_write> rows: array<u32>;
@group(0) @binding(4) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 128u;
const INFINITY_BITS = 0x7f800000u;

var<workgroup> parts: array<vec2<u32>, THREADS>;

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n_cells = info[0].x;
    let n_features = info[0].y;
    let cell = group.y * groups.x + group.x;
    if cell >= n_cells {
        return;
    }
    let edge = state[0];
    var part = vec2<u32>();
    for (var feature = thread; feature < n_features; feature += THREADS) {
        let bits = bitcast<u32>(pre[cell * n_features + feature] + bias[feature]);
        if bits != 0u && bits <= INFINITY_BITS {
            part += vec2<u32>(select(0u, 1u, bits > edge), select(0u, 1u, bits == edge));
        }
    }
    parts[thread] = part;
    workgroupBarrier();
    if thread == 0u {
        var all = vec2<u32>();
        for (var other = 0u; other < THREADS; other++) {
            all += parts[other];
        }
        rows[cell * 2u] = all.x;
        rows[cell * 2u + 1u] = all.y;
    }
}
