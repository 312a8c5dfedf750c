// The cells of a batch: (stored − center) · scale − b_dec, from f32 or from pairs of f16.
@group(0) @binding(0) var<storage, read_write> stored: array<u32>;
@group(0) @binding(1) var<storage, read_write> positions: array<u32>;
@group(0) @binding(2) var<storage, read_write> center: array<f32>;
@group(0) @binding(3) var<storage, read_write> b_dec: array<f32>;
@group(0) @binding(4) var<storage, read_write> cells: array<f32>;
@group(0) @binding(5) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 256u;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = info[0].x;
    let d = info[0].y;
    let n_words = info[0].z;
    let is_half = info[0].w == 1u;
    let scale = bitcast<f32>(info[1].x);
    let at = (group.y * groups.x + group.x) * THREADS + thread;
    if at >= n {
        return;
    }
    let column = at % d;
    let row = positions[at / d] * n_words;
    var value: f32;
    if is_half {
        value = unpack2x16float(stored[row + column / 2u])[column % 2u];
    } else {
        value = bitcast<f32>(stored[row + column]);
    }
    cells[at] = (value - center[column]) * scale - b_dec[column];
}
