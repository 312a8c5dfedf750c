//! WebGPU adapters without timestamp queries, made usable.
//!
//! CubeCL times kernels by the GPU's clock where the adapter has `timestamp-query`, and panics in a browser where it has
//! not, although it measures nothing unless profiling or autotuning asks it to, and nothing here does. So the runtime
//! is given an adapter that claims the feature beside a device that lacks it: no query is ever made.

use std::future::pending;
use std::pin::Pin;

use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::wgpu::wgpu::custom::{AdapterInterface, DispatchSurface, RequestDeviceFuture};
use burn::tensor::wgpu::wgpu::{
    Adapter, AdapterInfo, CooperativeMatrixProperties, DeviceDescriptor, DownlevelCapabilities, Features, Limits,
    PresentationTimestamp, TextureFormat, TextureFormatFeatures,
};

/// The same setup with an adapter that claims timestamp queries.
pub(super) fn without_timestamps(setup: WgpuSetup) -> WgpuSetup {
    WgpuSetup { adapter: Adapter::from_custom(Untimed(setup.adapter)), ..setup }
}

#[derive(Debug)]
struct Untimed(Adapter);

impl AdapterInterface for Untimed {
    /// The setup has its device; no other is ever asked for, and none would come.
    fn request_device(&self, _: &DeviceDescriptor<'_>) -> Pin<Box<dyn RequestDeviceFuture>> {
        Box::pin(pending())
    }

    fn is_surface_supported(&self, _: &DispatchSurface) -> bool {
        false
    }

    fn features(&self) -> Features {
        self.0.features() | Features::TIMESTAMP_QUERY
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn downlevel_capabilities(&self) -> DownlevelCapabilities {
        self.0.get_downlevel_capabilities()
    }

    fn get_info(&self) -> AdapterInfo {
        self.0.get_info()
    }

    fn get_texture_format_features(&self, format: TextureFormat) -> TextureFormatFeatures {
        self.0.get_texture_format_features(format)
    }

    fn get_presentation_timestamp(&self) -> PresentationTimestamp {
        self.0.get_presentation_timestamp()
    }

    fn cooperative_matrix_properties(&self) -> Vec<CooperativeMatrixProperties> {
        self.0.cooperative_matrix_properties()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use burn::tensor::wgpu::wgpu::{
        Backend, Backends, DeviceDescriptor, Features, Instance, InstanceDescriptor, RequestAdapterOptions,
    };
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::sae::device::self_test;

    /// A device opened without the feature.
    async fn untimed_setup() -> WgpuSetup {
        let instance = Instance::new(InstanceDescriptor {
            backends: Backends::BROWSER_WEBGPU,
            ..InstanceDescriptor::new_without_display_handle()
        });
        let adapter = instance.request_adapter(&RequestAdapterOptions::default()).await.unwrap();
        let unwanted = Features::TIMESTAMP_QUERY | Features::MAPPABLE_PRIMARY_BUFFERS;
        let wanted = DeviceDescriptor {
            required_features: adapter.features().difference(unwanted),
            required_limits: adapter.limits(),
            ..DeviceDescriptor::default()
        };
        let (device, queue) = adapter.request_device(&wanted).await.unwrap();
        WgpuSetup { instance, adapter, device, queue, backend: Backend::BrowserWebGpu }
    }

    #[wasm_bindgen_test]
    async fn a_device_without_timestamp_queries_computes() {
        let setup = without_timestamps(untimed_setup().await);
        assert!(!setup.device.features().contains(Features::TIMESTAMP_QUERY));
        assert!(setup.adapter.features().contains(Features::TIMESTAMP_QUERY));
        let device = Device::wgpu_options().setup(setup).init().unwrap();
        self_test(&device).await.unwrap();
    }
}
