use super::*;
use crate::io::fixtures::{self, bytes, embedding, json, open_file, survives_damage};

fn file(name: &str) -> Result<TorchFile, ImportError> {
    TorchFile::open(name, Arc::new(MemorySource(bytes(&format!("torch/{name}.pt")))))
}

#[test]
fn every_tensor_has_the_numbers_of_torch() {
    let expected = json("torch/expected.json");
    let mut n_compared = 0;
    for (name, tensors) in expected.as_object().unwrap() {
        let file = file(name).unwrap();
        for (key, wanted) in tensors.as_object().unwrap() {
            let tensor = file.read(key).unwrap();
            let shape: Vec<usize> = serde_json::from_value(wanted["shape"].clone()).unwrap();
            let values: Vec<f32> = serde_json::from_value(wanted["values"].clone()).unwrap();
            assert_eq!((tensor.shape, tensor.values), (shape, values), "{name} {key}");
            n_compared += 1;
        }
    }
    assert_eq!(n_compared, 31);
}

#[test]
fn a_dict_gives_its_embedding_and_the_ids_beside_it() {
    let wanted: Vec<String> = (0..4).map(|i| format!("cell{i}-1")).collect();
    for name in ["dict", "numpy_protocol2", "numpy_protocol4", "numpy_protocol5"] {
        let (ids, values) = embedding(&format!("torch/{name}.pt"));
        assert_eq!((ids.as_ref(), values.row(1)), (Some(&wanted), &[0.0, 100.0, -0.125][..]), "{name}");
    }
    let names: Vec<String> = file("dict").unwrap().tensors().iter().map(|info| info.name.clone()).collect();
    assert_eq!(names, ["embeddings", "row", "ids"]);
}

#[test]
fn what_would_have_to_be_run_is_named_and_refused() {
    let message = open_file("torch/module.pt").unwrap_err().to_string();
    assert!(message.contains("\"torch.nn.modules.container.Sequential\""), "{message}");
    let message = open_file("torch/legacy.pt").unwrap_err().to_string();
    assert!(message.contains("before PyTorch 1.6") && message.contains("torch.load(path)"), "{message}");
    let message = open_file("torch/deep.pt").unwrap_err().to_string();
    assert!(message.contains("[4, 2, 3]"), "{message}");
}

fn view(offset: u64, shape: &[u64], strides: &[u64]) -> TensorRef {
    let scalar = crate::io::scalar::Scalar::Float(4);
    let storage = pickle::StorageRef { key: "0".to_owned(), scalar: Some(scalar) };
    TensorRef { storage, scalar, offset, shape: shape.to_vec(), strides: strides.to_vec() }
}

#[test]
fn views_outside_their_storage_and_absurd_ones_are_found_before_allocation() {
    assert_eq!(span(&view(0, &[2, 3], &[3, 1]), 24), Some(6));
    assert_eq!(span(&view(1, &[2, 3], &[3, 1]), 24), None);
    assert_eq!(span(&view(0, &[2, u64::MAX], &[1, u64::MAX]), 24), None);
    assert_eq!(span(&view(u64::MAX, &[1], &[1]), 24), None);
    assert_eq!(n_values(&view(0, &[1 << 40, 1 << 40], &[0, 0]), 24), None);
    assert_eq!(n_values(&view(0, &[1 << 30], &[0]), 24), None);
    assert_eq!(n_values(&view(0, &[100, 100], &[0, 0]), 24), Some(10_000));
}

/// An archive as `torch.save` writes it: a pickle and storages of four bytes.
fn archive_of(program: &[u8], n_members: usize) -> Vec<u8> {
    let member = |name: &str, content: &[u8], at: usize| {
        let mut common = vec![0, 0, 0, 0, 0, 0];
        for number in [0, content.len() as u32, content.len() as u32, name.len() as u32] {
            common.extend(number.to_le_bytes());
        }
        let local = [&b"PK\x03\x04\x14\0\0\0"[..], &common, name.as_bytes(), content].concat();
        let place = [&[0; 10][..], &(at as u32).to_le_bytes(), name.as_bytes()].concat();
        (local, [&b"PK\x01\x02\x14\0\x14\0\0\0"[..], &common, &place].concat())
    };
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let storages = (0..n_members).map(|at| (format!("a/data/{at}"), vec![0; 4]));
    for (name, content) in std::iter::once(("a/data.pkl".to_owned(), program.to_vec())).chain(storages) {
        let (local, record) = member(&name, &content, file.len());
        file.extend(local);
        directory.extend(record);
    }
    let sizes = [(directory.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes()].concat();
    [&file[..], &directory, b"PK\x05\x06", &[0; 8], &sizes, &[0; 2]].concat()
}

/// The pickle of a dict that holds `n` times the same tensor of a million times one number.
fn repeated_tensor(n: usize) -> Vec<u8> {
    let mut program = b"\x80\x02}(".to_vec();
    let rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n(";
    let storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ";
    let view = b"K\0J\0\0\x10\0\x85K\0\x85\x89)tRq\0";
    program.extend([&b"X\x0c\0\0\0W_enc.weight"[..], rebuild, storage, view].concat());
    (0..n).for_each(|at| program.extend([&b"X\x06\0\0\0"[..], format!("{at:06}").as_bytes(), b"h\0"].concat()));
    program.extend(b"u.");
    program
}

#[test]
fn tensors_that_share_a_storage_may_not_outgrow_the_file() {
    let weights =
        |n: usize| import_sae_weights("w.pt", Arc::new(MemorySource(archive_of(&repeated_tensor(n), 1))), &Silent);
    let Ok(SaeWeightsFile::Torch { tensors, .. }) = weights(3) else { panic!("no tensors") };
    assert_eq!((tensors.len(), tensors[3].1.values.len()), (4, 1 << 20));
    let message = weights(4).err().unwrap().to_string();
    assert!(message.contains("5242880 values together") && message.contains("at most 4194304"), "{message}");
}

#[test]
fn settings_that_hold_each_other_end() {
    // A dict with itself a thousand times, each under another name: looked into along every way that is 10⁹ dicts.
    let mut program = b"\x80\x02}q\0(".to_vec();
    (0..1000).for_each(|at| program.extend([&b"X\x06\0\0\0"[..], format!("{at:06}").as_bytes(), b"h\0"].concat()));
    program.extend(b"X\x01\0\0\0kK\x07u.");
    let weights = import_sae_weights("w.pt", Arc::new(MemorySource(archive_of(&program, 0))), &Silent).unwrap();
    assert_eq!(weights, SaeWeightsFile::Torch { tensors: Vec::new(), settings: Vec::new() });
    // The setting beside them stands behind the thousand that are looked at; alone it is found.
    let alone =
        import_sae_weights("w.pt", Arc::new(MemorySource(archive_of(b"\x80\x02}X\x01\0\0\0kK\x07s.", 0))), &Silent);
    let settings = vec![("k".to_owned(), 7.into())];
    assert_eq!(alone.unwrap(), SaeWeightsFile::Torch { tensors: Vec::new(), settings });
}

#[test]
fn damage_is_an_error_or_harmless() {
    for (path, n) in [("torch/dict.pt", 3000), ("torch/numpy_protocol2.pt", 1500), ("torch/numpy_protocol5.pt", 1500)] {
        assert!(survives_damage(path, n) > n / 10, "{path}");
    }
    // The pickle alone, where most changes hit an instruction.
    let source = Arc::new(MemorySource(bytes("torch/dict.pt")));
    let archive = ZipArchive::open("dict.pt", source).unwrap();
    let (member, _) = pickle_of(archive.members()).unwrap();
    let content = small_member("dict.pt", &archive, member).unwrap();
    for length in 0..content.len() {
        assert!(pickle::load(&content[..length]).is_err(), "{length}");
    }
    for at in 0..content.len() {
        for byte in 0..=255 {
            let mut damaged = content.clone();
            damaged[at] = byte;
            let _ = pickle::load(&damaged).map(|pickle| Walk::new(&pickle).all());
        }
    }
}

#[test]
fn every_cut_is_an_error() {
    let whole = bytes("torch/float32.pt");
    for length in 1..whole.len() {
        assert!(fixtures::open("float32.pt", whole[..length].to_vec()).is_err(), "{length}");
    }
}
