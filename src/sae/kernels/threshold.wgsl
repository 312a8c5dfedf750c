// The running mean of the smallest activation a batch keeps; below 0 before there is one.
@group(0) @binding(0) var<storage, read_write> edge: array<u32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<uniform> info: array<vec4<u32>, 2>;

const INFINITY_BITS = 0x7f800000u;

@compute @workgroup_size(1)
fn main() {
    let decay = bitcast<f32>(info[0].x);
    if edge[2] == INFINITY_BITS {
        return;
    }
    let smallest = bitcast<f32>(edge[2]);
    let before = mean[0];
    mean[0] = select(decay * before + (1.0 - decay) * smallest, smallest, before < 0.0);
}
