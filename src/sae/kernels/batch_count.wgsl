// Counts, over the whole batch, the next digit of all positive values that share the digits known so far.
@group(0) @binding(0) var<storage, read_write> pre: array<f32>;
@group(0) @binding(1) var<storage, read_write> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 256u;
const BINS = 2048u;
const INFINITY_BITS = 0x7f800000u;

var<workgroup> bins: array<atomic<u32>, BINS>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = info[0].x;
    let n_features = info[0].y;
    let shift = info[0].z;
    let width = info[0].w;
    for (var bin = thread; bin < BINS; bin += THREADS) {
        atomicStore(&bins[bin], 0u);
    }
    workgroupBarrier();
    let known = state[0];
    if state[1] > 0u {
        for (var at = group.x * THREADS + thread; at < n; at += groups.x * THREADS) {
            let bits = bitcast<u32>(pre[at] + bias[at % n_features]);
            if bits != 0u && bits <= INFINITY_BITS && ((bits ^ known) >> (shift + width)) == 0u {
                atomicAdd(&bins[(bits >> shift) & ((1u << width) - 1u)], 1u);
            }
        }
    }
    workgroupBarrier();
    for (var bin = thread; bin < BINS; bin += THREADS) {
        let count = atomicLoad(&bins[bin]);
        if count > 0u {
            atomicAdd(&counts[bin], count);
        }
    }
}
