// One workgroup a cell. The k-th largest positive value is found digit by digit on its bits, 11, 10 and 10 of them,
// because positive floats are ordered as their bits are; then every thread writes what is kept of its own stretch.
@group(0) @binding(0) var<storage, read_write> pre: array<f32>;
@group(0) @binding(1) var<storage, read_write> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> features: array<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<atomic<u32>>;
@group(0) @binding(6) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 128u;
const BINS = 2048u;
const COARSE = 64u;
const INFINITY_BITS = 0x7f800000u;

var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> coarse: array<u32, COARSE>;
var<workgroup> edge: u32;
var<workgroup> wanted: u32;
var<workgroup> above: array<u32, THREADS>;
var<workgroup> tied: array<u32, THREADS>;

// The bits of a positive value, else 0: zero, negative and NaN are inactive.
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
    let k = info[0].z;
    let n_words = info[0].w;
    let cell = group.y * groups.x + group.x;
    if cell >= n_cells {
        return;
    }
    let row = cell * n_features;
    if thread == 0u {
        edge = 0u;
        wanted = k;
        starts[cell] = cell * k;
        if cell + 1u == n_cells {
            starts[n_cells] = n_cells * k;
        }
    }
    for (var pass_index = 0u; pass_index < 3u; pass_index++) {
        let shift = 20u - 10u * pass_index;
        let width = select(10u, 11u, pass_index == 0u);
        for (var bin = thread; bin < BINS; bin += THREADS) {
            atomicStore(&bins[bin], 0u);
        }
        workgroupBarrier();
        let known = edge;
        if wanted > 0u {
            for (var feature = thread; feature < n_features; feature += THREADS) {
                let bits = bits_of(row, feature);
                if bits != 0u && ((bits ^ known) >> (shift + width)) == 0u {
                    atomicAdd(&bins[(bits >> shift) & ((1u << width) - 1u)], 1u);
                }
            }
        }
        workgroupBarrier();
        if thread < COARSE {
            var sum = 0u;
            for (var bin = thread * (BINS / COARSE); bin < (thread + 1u) * (BINS / COARSE); bin++) {
                sum += atomicLoad(&bins[bin]);
            }
            coarse[thread] = sum;
        }
        workgroupBarrier();
        if thread == 0u && wanted > 0u {
            var left = wanted;
            var part = COARSE;
            while part > 0u && coarse[part - 1u] < left {
                part -= 1u;
                left -= coarse[part];
            }
            if part == 0u {
                // Fewer positive values than k: all of them are above an edge of 0.
                edge = 0u;
                wanted = 0u;
            } else {
                var bin = part * (BINS / COARSE);
                while atomicLoad(&bins[bin - 1u]) < left {
                    bin -= 1u;
                    left -= atomicLoad(&bins[bin]);
                }
                edge = known | ((bin - 1u) << shift);
                wanted = left;
            }
        }
        workgroupBarrier();
    }

    // Above the edge all are kept, of those on it the first that are wanted.
    let last = edge;
    let n_tied = wanted;
    let stretch = (n_features + THREADS - 1u) / THREADS;
    let begin = min(thread * stretch, n_features);
    let end = min(begin + stretch, n_features);
    var n_above = 0u;
    var n_equal = 0u;
    for (var feature = begin; feature < end; feature++) {
        let bits = bits_of(row, feature);
        n_above += select(0u, 1u, bits > last);
        n_equal += select(0u, 1u, bits == last && bits != 0u);
    }
    above[thread] = n_above;
    tied[thread] = n_equal;
    workgroupBarrier();
    var kept_before = 0u;
    var tied_before = 0u;
    for (var other = 0u; other < thread; other++) {
        kept_before += above[other];
        tied_before += tied[other];
    }
    var at = cell * k + kept_before + min(tied_before, n_tied);
    for (var feature = begin; feature < end; feature++) {
        let bits = bits_of(row, feature);
        let is_tied = bits == last && bits != 0u;
        if bits > last || (is_tied && tied_before < n_tied) {
            features[at] = feature;
            values[at] = bitcast<f32>(bits);
            atomicOr(&cells[feature * n_words + cell / 32u], 1u << (cell % 32u));
            at += 1u;
        }
        tied_before += select(0u, 1u, is_tied);
    }
    if thread == THREADS - 1u {
        for (; at < (cell + 1u) * k; at++) {
            features[at] = n_features;
            values[at] = 0.0;
        }
    }
}
