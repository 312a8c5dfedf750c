//! Installs operating-system packages through apt, as root or through `sudo` without a password.

use std::path::Path;

use crate::error::{Outcome, TaskError};
use crate::process;

/// How packages can be installed on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installer {
    /// apt, as the superuser.
    AptAsRoot,
    /// apt, through `sudo -n`.
    AptWithSudo,
    /// apt is here, but a person must type the command.
    AptByHand,
    /// No apt: another system.
    None,
}

impl Installer {
    /// Finds out which way works here.
    pub(crate) fn find() -> Self {
        if process::find("apt-get").is_none() {
            return Self::None;
        }
        if process::probe(process::command("id").arg("-u")).as_deref() == Some("0") {
            return Self::AptAsRoot;
        }
        let sudo = process::probe(process::command("sudo").args(["-n", "true"]));
        if sudo.is_some() { Self::AptWithSudo } else { Self::AptByHand }
    }

    /// True when packages can be installed without asking a person.
    pub(crate) fn is_automatic(self) -> bool {
        matches!(self, Self::AptAsRoot | Self::AptWithSudo)
    }

    /// Installs packages, or says what a person must type.
    ///
    /// # Errors
    /// There is no apt, it needs a password, or apt fails.
    pub(crate) fn install(self, need: &str, packages: &[&str]) -> Outcome {
        if !self.is_automatic() {
            return Err(TaskError::Missing {
                need: need.to_owned(),
                reason: self.obstacle().to_owned(),
                advice: self.advice(packages),
            });
        }
        if !Path::new("/var/lib/apt/lists").read_dir().is_ok_and(|mut lists| lists.any(|entry| is_list(&entry))) {
            process::run("apt-get update", self.apt_get().arg("update").arg("-q"))?;
        }
        let mut install = self.apt_get();
        install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
        if process::run("apt-get install", &mut install).is_ok() {
            return Ok(());
        }
        // Old lists name versions that are gone; with new ones the same command may work.
        process::run("apt-get update", self.apt_get().arg("update").arg("-q"))?;
        process::run(&format!("installing {need}"), &mut install)
    }

    fn apt_get(self) -> std::process::Command {
        let mut apt = if self == Self::AptWithSudo {
            let mut sudo = process::command("sudo");
            sudo.args(["-n", "apt-get"]);
            sudo
        } else {
            process::command("apt-get")
        };
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    }

    fn obstacle(self) -> &'static str {
        match self {
            Self::AptByHand => "installing packages needs a password here",
            _ => "this system has no apt-get",
        }
    }

    /// What a person types to get `packages`.
    pub(crate) fn advice(self, packages: &[&str]) -> String {
        let names = packages.join(" ");
        match self {
            Self::None => {
                format!("install what Debian calls {names} with this system's package manager, then try again")
            }
            _ => format!("type `sudo apt-get install {names}`, then try again"),
        }
    }
}

fn is_list(entry: &std::io::Result<std::fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_apt_the_advice_names_the_packages_only() {
        let advice = Installer::None.advice(&["chromium"]);
        assert!(advice.contains("chromium") && !advice.contains("apt-get"));
    }

    #[test]
    fn with_a_password_needed_the_advice_is_a_command() {
        assert!(Installer::AptByHand.advice(&["a", "b"]).contains("sudo apt-get install a b"));
        assert!(Installer::AptByHand.install("it", &["a"]).is_err());
    }
}
