//! Launching our own WGSL on Burn's WebGPU tensors: the browser's half; `no_launch.rs` is the native one.
//!
//! A kernel is a text with the entry point `main`. Its operands are bound in the order they are added, all of them
//! `read_write`, because Burn cuts tensors from shared buffers and WebGPU forbids one buffer in two roles. The last
//! binding is the uniform `info: array<vec4<u32>, 2>` with up to eight words. The dispatches of one queue run in the
//! order they are launched in, and each sees what those before it wrote.

use burn::backend::Cube;
use burn::cubecl::ir::metadata::Info;
use burn::cubecl::ir::{ElemType, UIntKind};
use burn::cubecl::prelude::{
    AddressType, Client, CubeCount, CubeDim, CubeKernel, ExecutionMode, KernelDefinition, KernelId, KernelMetadata,
    KernelSettings, PrecompiledSource, Scope,
};
use burn::cubecl::server::{KernelArguments, MetadataBindingInfo};
use burn::tensor::{Int, Tensor};

use super::Source;

/// Words of the uniform.
const N_WORDS: usize = 8;
/// WebGPU promises 65,535 workgroups a dimension; more than these go into the second one.
const MOST_GROUPS_IN_A_ROW: u32 = 32_768;

/// A kernel about to be launched.
pub(super) struct Launch {
    source: &'static Source,
    client: Client,
    arguments: KernelArguments,
    words: Vec<u32>,
}

impl Launch {
    /// Begins a launch where `tensor` lives, or nothing if that is no GPU. The tensor is not bound by this.
    pub(super) fn near(source: &'static Source, tensor: &Tensor<2>) -> Option<Self> {
        let primitive = tensor.clone().try_into_primitive::<Cube>().ok()?;
        Some(Self { source, client: primitive.client, arguments: KernelArguments::new(), words: Vec::new() })
    }

    /// Binds a contiguous matrix of f32.
    pub(super) fn float(mut self, tensor: &Tensor<2>) -> Self {
        if let Ok(primitive) = tensor.clone().try_into_primitive::<Cube>() {
            assert!(primitive.is_contiguous(), "{} takes contiguous operands", self.source.name);
            self.arguments = self.arguments.with_buffer(primitive.handle.binding());
        }
        self
    }

    /// Binds contiguous 32-bit whole numbers.
    pub(super) fn int<const D: usize>(mut self, tensor: &Tensor<D, Int>) -> Self {
        if let Ok(primitive) = tensor.clone().try_into_primitive::<Cube>() {
            assert!(primitive.is_contiguous(), "{} takes contiguous operands", self.source.name);
            self.arguments = self.arguments.with_buffer(primitive.handle.binding());
        }
        self
    }

    /// Appends a word to the uniform.
    pub(super) fn word(mut self, value: usize) -> Self {
        self.words.push(value as u32);
        self
    }

    /// Appends a number to the uniform.
    pub(super) fn real(mut self, value: f64) -> Self {
        self.words.push((value as f32).to_bits());
        self
    }

    /// Queues the kernel for `n_groups` workgroups.
    pub(super) fn dispatch(mut self, n_groups: usize) {
        assert!(self.words.len() <= N_WORDS, "{} has too many words", self.source.name);
        self.words.resize(N_WORDS, 0);
        let pairs = self.words.as_chunks::<2>().0;
        let info = pairs.iter().map(|pair| u64::from(pair[0]) | u64::from(pair[1]) << 32).collect();
        self.arguments.info = MetadataBindingInfo::custom(info);
        let in_a_row = (n_groups as u32).min(MOST_GROUPS_IN_A_ROW);
        let n_rows = (n_groups as u32).div_ceil(in_a_row.max(1));
        self.client.launch(Box::new(Text(self.source)), CubeCount::Static(in_a_row, n_rows, 1), self.arguments);
    }
}

/// A kernel's text as CubeCL takes it.
struct Text(&'static Source);

impl KernelMetadata for Text {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.0.name)
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Text {
    /// There is no intermediate form; the text is the kernel.
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(CubeDim::new_1d(1).0, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), info: Info::default(), settings }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource { source: self.0.text.to_owned(), entrypoint_name: "main".to_owned(), lang: "wgsl" })
    }
}
