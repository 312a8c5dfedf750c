// left [m, k] times right [n, k] transposed. One workgroup a tile of 64 × 64, each thread 4 × 4 of it, so that every
// number read from workgroup memory is used four times. Tiles of 16 columns pass through workgroup memory.
@group(0) @binding(0) var<storage, read_write> left: array<f32>;
@group(0) @binding(1) var<storage, read_write> right: array<f32>;
@group(0) @binding(2) var<storage, read_write> product: array<f32>;
@group(0) @binding(3) var<uniform> info: array<vec4<u32>, 2>;

const TILE = 64u;
const DEPTH = 16u;
const EACH = 4u;
const THREADS = 256u;

// Transposed: [depth][row], so that a thread's four rows lie side by side.
var<workgroup> tile_left: array<vec4<f32>, 256>;
var<workgroup> tile_right: array<vec4<f32>, 256>;

// Four numbers of column `column`, rows `row` to `row + 3`; beyond the edge 0.
fn four_left(row: u32, column: u32) -> vec4<f32> {
    var four = vec4<f32>();
    for (var i = 0u; i < EACH; i++) {
        if row + i < info[0].x && column < info[0].z {
            four[i] = left[(row + i) * info[0].z + column];
        }
    }
    return four;
}

fn four_right(row: u32, column: u32) -> vec4<f32> {
    var four = vec4<f32>();
    for (var i = 0u; i < EACH; i++) {
        if row + i < info[0].y && column < info[0].z {
            four[i] = right[(row + i) * info[0].z + column];
        }
    }
    return four;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let m = info[0].x;
    let n = info[0].y;
    let k = info[0].z;
    let tiles_across = (n + TILE - 1u) / TILE;
    let tile = group.y * groups.x + group.x;
    if tile >= tiles_across * ((m + TILE - 1u) / TILE) {
        return;
    }
    let first_row = (tile / tiles_across) * TILE;
    let first_column = (tile % tiles_across) * TILE;
    // Neighbours in a wavefront load neighbours along k.
    let load_depth = thread % DEPTH;
    let load_four = thread / DEPTH;
    let row_four = thread / DEPTH;
    let column_four = thread % DEPTH;
    var sums = array<vec4<f32>, 4>();
    for (var depth = 0u; depth < k; depth += DEPTH) {
        tile_left[load_depth * DEPTH + load_four] = four_left(first_row + load_four * EACH, depth + load_depth);
        tile_right[load_depth * DEPTH + load_four] = four_right(first_column + load_four * EACH, depth + load_depth);
        workgroupBarrier();
        for (var i = 0u; i < DEPTH; i++) {
            let a = tile_left[i * DEPTH + row_four];
            let b = tile_right[i * DEPTH + column_four];
            sums[0] += a.x * b;
            sums[1] += a.y * b;
            sums[2] += a.z * b;
            sums[3] += a.w * b;
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < EACH; i++) {
        for (var j = 0u; j < EACH; j++) {
            let row = first_row + row_four * EACH + i;
            let column = first_column + column_four * EACH + j;
            if row < m && column < n {
                product[row * n + column] = sums[i][j];
            }
        }
    }
}
