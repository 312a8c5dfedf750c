// One workgroup a feature: Σ coefficient · row over the cells it is active in, cell by cell, four columns a thread.
@group(0) @binding(0) var<storage, read_write> starts: array<u32>;
@group(0) @binding(1) var<storage, read_write> features: array<u32>;
@group(0) @binding(2) var<storage, read_write> cells: array<u32>;
@group(0) @binding(3) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;
@group(0) @binding(5) var<storage, read_write> weights: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(7) var<storage, read_write> sums: array<f32>;
@group(0) @binding(8) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 64u;
const EACH = 4u;

var<workgroup> parts: array<f32, THREADS>;

// Where a cell's entry of this feature is; it has one.
fn entry_of(cell: u32, feature: u32) -> u32 {
    var low = starts[cell];
    var high = starts[cell + 1u];
    while low < high {
        let middle = (low + high) / 2u;
        if features[middle] < feature {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

// The sum of one number of every thread, known to all of them.
fn total(part: f32, thread: u32) -> f32 {
    workgroupBarrier();
    parts[thread] = part;
    workgroupBarrier();
    var sum = 0.0;
    for (var other = 0u; other < THREADS; other++) {
        sum += parts[other];
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n_features = info[0].x;
    let n_words = info[0].y;
    let d = info[0].z;
    let is_tangent = info[0].w == 1u;
    let feature = group.y * groups.x + group.x;
    if feature >= n_features {
        return;
    }
    let row = feature * d;
    var of_coefficients = 0.0;
    var along = 0.0;
    var squares = 0.0;
    for (var first = 0u; first < d; first += EACH * THREADS) {
        var four = vec4<f32>();
        of_coefficients = 0.0;
        for (var word = 0u; word < n_words; word++) {
            var bits = cells[feature * n_words + word];
            while bits != 0u {
                let cell = word * 32u + countTrailingZeros(bits);
                bits &= bits - 1u;
                let coefficient = coefficients[entry_of(cell, feature)];
                of_coefficients += coefficient;
                for (var i = 0u; i < EACH; i++) {
                    let column = first + i * THREADS + thread;
                    if column < d {
                        four[i] += coefficient * rows[cell * d + column];
                    }
                }
            }
        }
        for (var i = 0u; i < EACH; i++) {
            let column = first + i * THREADS + thread;
            if column < d {
                gradient[row + column] = four[i];
                if is_tangent {
                    along += four[i] * weights[row + column];
                } else {
                    squares += four[i] * four[i];
                }
            }
        }
    }
    if is_tangent {
        along = total(along, thread);
        for (var column = thread; column < d; column += THREADS) {
            let value = gradient[row + column] - along * weights[row + column];
            gradient[row + column] = value;
            squares += value * value;
        }
    }
    squares = total(squares, thread);
    if thread == 0u {
        sums[feature * 2u] = of_coefficients;
        sums[feature * 2u + 1u] = squares;
    }
}
