//! Disks of a test's own: an image with ext4 that can lose its power, and a small one in memory.
//!
//! Guarantees: unmounted with the test; everything is in the test's own folder.
//! Does not know: what is written to them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A disk that is mounted.
pub struct Disk {
    folder: tempfile::TempDir,
    image: PathBuf,
}

impl Disk {
    /// A new ext4 of this size, or why it cannot be had.
    pub fn ext4(mib: u64) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("0.img");
        let file = std::fs::File::create(&image).expect("an image");
        file.set_len(mib << 20).expect("a size");
        let image_path = image.to_str().expect("a name");
        run("mkfs.ext4", &["-q", "-F", "-m", "0", image_path])?;
        std::fs::create_dir(folder.path().join("mounted")).expect("a folder");
        let disk = Self { folder, image };
        disk.mount()?;
        Ok(disk)
    }

    /// A new one in memory of this size, or why it cannot be had.
    pub fn small(kib: u64) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Self { image: PathBuf::new(), folder };
        std::fs::create_dir(disk.path()).expect("a folder");
        let (size, place) = (format!("size={kib}k"), disk.path());
        let place = place.to_str().expect("a name");
        run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", place])?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// Cuts the power: what the disk holds now is copied, without a sync; what only memory holds
    /// is gone. The copy takes the disk's place.
    pub fn cut(&mut self) -> Result<(), String> {
        let name = self.image.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let number: u32 = name.parse().expect("images are numbered");
        let next = self.folder.path().join(format!("{}.img", number + 1));
        let (from, to) = (self.image.to_str().expect("a name"), next.to_str().expect("a name"));
        run("cp", &["--sparse=always", from, to])?;
        unmount(&self.path())?;
        std::fs::remove_file(&self.image).expect("the image was there");
        self.image = next;
        self.mount()
    }

    fn mount(&self) -> Result<(), String> {
        let (image, place) = (self.image.to_str().expect("a name"), self.path());
        run("mount", &["-o", "loop", image, place.to_str().expect("a name")])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It may never have been mounted.
        let _ = unmount(&self.path());
    }
}

/// Somebody may still be closing a file of it.
fn unmount(place: &Path) -> Result<(), String> {
    let place = place.to_str().expect("a name");
    let mut outcome = Ok(());
    for _ in 0..100 {
        outcome = run("umount", &[place]);
        if outcome.is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    outcome
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|why| why.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{program}: {}", said.trim()))
}
