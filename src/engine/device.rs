//! Which device computes: chosen once, when first needed or when asked, and told.

use super::EngineError;
use super::session::Inner;
use crate::protocol::{ComputeDevice, DeviceChoice, DeviceReport, Event, RequestId};
use crate::sae::Device;
use crate::sae::device::{ChosenDevice, DeviceKind, DeviceRule, choose, cpu};

impl Inner {
    /// The device in use; the first call chooses one and tells which.
    ///
    /// # Errors
    /// [`EngineError::Device`].
    pub(super) async fn device(&self, id: RequestId) -> Result<Device, EngineError> {
        let known = self.state.borrow().device.as_ref().map(|chosen| chosen.device.clone());
        match known {
            Some(device) => Ok(device),
            None => self.choose_device(id, DeviceChoice::Auto).await,
        }
    }

    /// The device in use, or the CPU: one pass over the cells is not worth a race.
    pub(super) fn device_without_race(&self) -> Device {
        self.state.borrow().device.as_ref().map_or_else(cpu, |chosen| chosen.device.clone())
    }

    /// Lets the next job choose anew after a GPU failed: one that was lost does not pass its self-test, and the CPU
    /// takes over.
    pub(super) fn forget_gpu(&self) {
        self.state.borrow_mut().device.take_if(|chosen| chosen.kind == DeviceKind::Gpu);
    }

    /// Bytes a matrix may have at most on the device in use.
    pub(super) fn max_matrix_bytes(&self) -> Option<u64> {
        self.state.borrow().device.as_ref().and_then(|chosen| chosen.max_matrix_bytes)
    }

    /// Chooses a device and tells which.
    ///
    /// # Errors
    /// [`EngineError::Device`] if a GPU is insisted on and can't be used.
    pub(super) async fn choose_device(&self, id: RequestId, choice: DeviceChoice) -> Result<Device, EngineError> {
        let rule = match choice {
            DeviceChoice::Auto => DeviceRule::Auto,
            DeviceChoice::Cpu => DeviceRule::Cpu,
            DeviceChoice::Gpu => DeviceRule::Gpu,
        };
        let chosen = choose(rule, &|| self.host.now_secs()).await?;
        let device = chosen.device.clone();
        self.emit(id, Event::DeviceChosen(report(&chosen)));
        self.state.borrow_mut().device = Some(chosen);
        Ok(device)
    }
}

fn report(chosen: &ChosenDevice) -> DeviceReport {
    DeviceReport {
        device: match chosen.kind {
            DeviceKind::Cpu => ComputeDevice::Cpu,
            DeviceKind::Gpu => ComputeDevice::Gpu,
        },
        name: chosen.name.clone(),
        gpu_available: chosen.gpu_available,
        reason: chosen.reason.clone(),
    }
}
