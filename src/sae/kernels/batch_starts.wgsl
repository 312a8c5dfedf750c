// One workgroup: where each cell's entries begin, those on the edge kept in the order of the cells. rows becomes
// (kept, of those on the edge).
@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read_write> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> starts: array<u32>;
@group(0) @binding(3) var<uniform> info: array<vec4<u32>, 2>;

const THREADS = 128u;

var<workgroup> parts: array<vec2<u32>, THREADS>;

@compute @workgroup_size(128)
fn main(@builtin(local_invocation_index) thread: u32) {
    let n_cells = info[0].x;
    let wanted = state[1];
    let stretch = (n_cells + THREADS - 1u) / THREADS;
    let begin = min(thread * stretch, n_cells);
    let end = min(begin + stretch, n_cells);
    var part = vec2<u32>();
    for (var cell = begin; cell < end; cell++) {
        part += vec2<u32>(rows[cell * 2u], rows[cell * 2u + 1u]);
    }
    parts[thread] = part;
    workgroupBarrier();
    var before = vec2<u32>();
    for (var other = 0u; other < thread; other++) {
        before += parts[other];
    }
    for (var cell = begin; cell < end; cell++) {
        let tied_before = min(before.y, wanted);
        starts[cell] = before.x + tied_before;
        before += vec2<u32>(rows[cell * 2u], rows[cell * 2u + 1u]);
        rows[cell * 2u + 1u] = min(before.y, wanted) - tied_before;
        if cell + 1u == n_cells {
            starts[n_cells] = before.x + min(before.y, wanted);
        }
    }
}
