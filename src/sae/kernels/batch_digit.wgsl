// Takes the next digit of the edge from its counts, and clears them for the next. state: edge, how many on it to keep.
@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;
@group(0) @binding(2) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 64u;
const BINS = 2048u;

var<workgroup> coarse: array<u32, THREADS>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
    let shift = info[0].x;
    var sum = 0u;
    for (var bin = thread * (BINS / THREADS); bin < (thread + 1u) * (BINS / THREADS); bin++) {
        sum += counts[bin];
    }
    coarse[thread] = sum;
    workgroupBarrier();
    if thread == 0u && state[1] > 0u {
        var left = state[1];
        var part = THREADS;
        while part > 0u && coarse[part - 1u] < left {
            part -= 1u;
            left -= coarse[part];
        }
        if part == 0u {
            state[0] = 0u;
            state[1] = 0u;
        } else {
            var bin = part * (BINS / THREADS);
            while counts[bin - 1u] < left {
                bin -= 1u;
                left -= counts[bin];
            }
            state[0] |= (bin - 1u) << shift;
            state[1] = left;
        }
    }
    storageBarrier();
    workgroupBarrier();
    for (var bin = thread; bin < BINS; bin += THREADS) {
        counts[bin] = 0u;
    }
}
