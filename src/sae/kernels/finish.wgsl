// One workgroup ends a gradient: b_dec's sum of blocks, the norm over all parameters, the tally, who fired.
@group(0) @binding(0) var<storage, read_write> blocks: array<f32>;
@group(0) @binding(1) var<storage, read_write> decoder_sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> encoder_sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> cell_sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> b_dec: array<f32>;
@group(0) @binding(5) var<storage, read_write> clip: array<f32>;
@group(0) @binding(6) var<storage, read_write> tally: array<f32>;
@group(0) @binding(7) var<storage, read_write> steps_since_fired: array<u32>;
@group(0) @binding(8) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 256u;

var<workgroup> parts: array<vec4<f32>, THREADS>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    let n_cells = info[0].x;
    let n_features = info[0].y;
    let d = info[0].z;
    let n_blocks = info[0].w;
    let largest_norm = bitcast<f32>(info[1].x);
    var part = vec4<f32>();
    for (var cell = thread; cell < n_cells; cell += THREADS) {
        part += vec4<f32>(cell_sums[cell * 3u], cell_sums[cell * 3u + 1u], cell_sums[cell * 3u + 2u], 0.0);
    }
    for (var feature = thread; feature < n_features; feature += THREADS) {
        let bias = encoder_sums[feature * 2u];
        part.w += decoder_sums[feature * 2u + 1u] + encoder_sums[feature * 2u + 1u] + bias * bias;
        let since = steps_since_fired[feature] + 1u;
        steps_since_fired[feature] = select(since, 0u, decoder_sums[feature * 2u] > 0.0);
    }
    for (var column = thread; column < d; column += THREADS) {
        var sum = 0.0;
        for (var block = 0u; block < n_blocks; block++) {
            sum += blocks[block * d + column];
        }
        b_dec[column] = sum;
        part.w += sum * sum;
    }
    parts[thread] = part;
    workgroupBarrier();
    if thread == 0u {
        var all = vec4<f32>();
        for (var other = 0u; other < THREADS; other++) {
            all += parts[other];
        }
        let norm = sqrt(all.w);
        clip[0] = select(1.0, min(1.0, largest_norm / (norm + 1e-6)), largest_norm > 0.0);
        clip[1] = norm;
        tally[0] += all.x;
        tally[1] += all.y;
        tally[2] += all.z;
    }
}
