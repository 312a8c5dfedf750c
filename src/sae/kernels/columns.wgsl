// Σ_b error[b] − Σ_f ∂b_enc[f] · W_enc[f] by column, in blocks of every n_blocks-th row.
@group(0) @binding(0) var<storage, read_write> error: array<f32>;
@group(0) @binding(1) var<storage, read_write> encoder: array<f32>;
@group(0) @binding(2) var<storage, read_write> encoder_sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> blocks: array<f32>;
@group(0) @binding(4) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 64u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n_cells = info[0].x;
    let n_features = info[0].y;
    let d = info[0].z;
    let n_blocks = info[0].w;
    let index = group.y * groups.x + group.x;
    let block = index % n_blocks;
    let column = (index / n_blocks) * THREADS + thread;
    if column >= d {
        return;
    }
    var sum = 0.0;
    for (var cell = block; cell < n_cells; cell += n_blocks) {
        sum += error[cell * d + column];
    }
    for (var feature = block; feature < n_features; feature += n_blocks) {
        let gradient = encoder_sums[feature * 2u];
        if gradient != 0.0 {
            sum -= gradient * encoder[feature * d + column];
        }
    }
    blocks[block * d + column] = sum;
}
