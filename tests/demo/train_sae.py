#!/usr/bin/env python3
"""Trains the demo's autoencoder with PyTorch: the method and settings of `featurescope run --variant topk`.

    python train_sae.py --embedding X_scVI.npy --out SAE_FOLDER

z = the 16 largest of ReLU(W (x − b_d) + b_e), x̂ = D z + b_d, mean squared error, Adam, inputs centred (the mean is
folded into b_d afterwards). PyTorch draws other random numbers than FeatureScope, so the features are not the same
ones. Writes a SAELens folder and prints explained variance.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

N_FEATURES, K = 512, 16
LEARNING_RATE, N_EPOCHS, BATCH_SIZE, SEED = 1e-3, 40, 256, 0


def encode(x: torch.Tensor, w_enc: torch.Tensor, b_enc: torch.Tensor, b_dec: torch.Tensor) -> torch.Tensor:
    activations = torch.relu((x - b_dec) @ w_enc + b_enc)
    values, features = activations.topk(K, dim=1)
    return torch.zeros_like(activations).scatter(1, features, values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedding", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)

    inputs = torch.from_numpy(np.load(options.embedding).astype(np.float32))
    mean = inputs.mean(dim=0)
    x, d = inputs - mean, inputs.shape[1]
    directions = torch.randn(d, N_FEATURES)
    w_enc = directions / directions.norm(dim=0)
    w_dec, b_enc, b_dec = w_enc.T.contiguous().clone(), torch.zeros(N_FEATURES), torch.zeros(d)
    parameters = [parameter.requires_grad_() for parameter in (w_enc, b_enc, w_dec, b_dec)]
    optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE, eps=1e-8)
    for _ in range(N_EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH_SIZE):
            loss = ((encode(x[rows], w_enc, b_enc, b_dec) @ w_dec + b_dec - x[rows]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    w_enc, b_enc, w_dec, b_dec = (parameter.detach() for parameter in parameters)
    codes = encode(x, w_enc, b_enc, b_dec)
    explained = 1 - ((codes @ w_dec + b_dec - x) ** 2).sum() / (x**2).sum()
    print(f"explained variance {explained:.4f}, live features {(codes > 0).any(dim=0).sum()}")

    options.out.mkdir(parents=True, exist_ok=True)
    tensors = {"W_enc": w_enc.contiguous(), "b_enc": b_enc, "W_dec": w_dec.contiguous(), "b_dec": b_dec + mean}
    save_file(tensors, options.out / "sae_weights.safetensors")
    config = {
        "architecture": "topk",
        "d_in": d,
        "d_sae": N_FEATURES,
        "k": K,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "rescale_acts_by_decoder_norm": False,
        "metadata": {"sae_lens_version": "6.0.0", "trained_with": f"PyTorch {torch.__version__}"},
    }
    (options.out / "cfg.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
