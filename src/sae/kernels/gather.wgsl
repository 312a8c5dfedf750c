// The cells of a batch with b_dec taken off.
@group(0) @binding(0) var<storage, read_write> stored: array<f32>;
@group(0) @binding(1) var<storage, read_write> positions: array<u32>;
@group(0) @binding(2) var<storage, read_write> b_dec: array<f32>;
@group(0) @binding(3) var<storage, read_write> cells: array<f32>;
@group(0) @binding(4) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 256u;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = info[0].x;
    let d = info[0].y;
    let at = (group.y * groups.x + group.x) * THREADS + thread;
    if at >= n {
        return;
    }
    let column = at % d;
    cells[at] = stored[positions[at / d] * d + column] - b_dec[column];
}
