#!/usr/bin/env python3
"""A step of GRADIEND's encoder-decoder: probe beside PyTorch, on the same cores, one after the other.

    OPENBLAS_CORETYPE= PYTHON compare_gradiend.py PROBE [--weights N] [--repeats R] [--threads T]

A step is forward, mean squared error, backward and AdamW on the 3 n + 1 numbers; PyTorch's is that of the Python package:
two linear layers, `torch.optim.AdamW` with its defaults for a CPU. Prints seconds, the ratio, peak memory of each, and the
share of the limit that the memory's bandwidth sets, measured by probe in the same run. n = 1.08e8 is BERT-base's core;
PyTorch needs about 10 GB for it.
"""
import argparse
import json
import resource
import subprocess
import sys
import time


def torch_step(weights, repeats, threads):
    """Prints PyTorch's median seconds and the process' peak memory."""
    import torch
    torch.set_num_threads(threads)
    encoder, decoder = torch.nn.Linear(weights, 1), torch.nn.Linear(1, weights)
    bound = encoder.weight.max().item()
    torch.nn.init.uniform_(decoder.weight, -bound, bound)
    torch.nn.init.uniform_(decoder.bias, -bound, bound)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *decoder.parameters()], lr=1e-5, weight_decay=1e-2)
    source = torch.empty(weights).uniform_(-bound, bound)
    target = torch.empty(weights).uniform_(-bound, bound)

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(decoder(torch.tanh(encoder(source))), target)
        loss.backward()
        optimizer.step()

    step()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": sorted(times)[repeats // 2], "peak_memory_mb": peak, "torch": torch.__version__}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("probe")
    parser.add_argument("--weights", type=int, default=107_700_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        return torch_step(options.weights, options.repeats, options.threads)
    numbers = [f"--weights={options.weights}", f"--repeats={options.repeats}", f"--threads={options.threads}"]
    ours = json.loads(subprocess.run([options.probe, "benchmark", "--gradiend", "--json", *numbers],
                                     check=True, capture_output=True, text=True).stdout)
    theirs = json.loads(subprocess.run([sys.executable, __file__, options.probe, "--torch", *numbers],
                                       check=True, capture_output=True, text=True).stdout)
    print(f"n = {options.weights:,}, {options.threads} threads, {ours['bandwidth_gb_per_second']:.1f} GB/s")
    print(f"probe    {ours['seconds']:8.3f} s   {ours['peak_memory_mb']:7.0f} MB   of limit {ours['share_of_limit']:.2f}")
    print(f"PyTorch  {theirs['seconds']:8.3f} s   {theirs['peak_memory_mb']:7.0f} MB   ({theirs['torch']})")
    print(f"ratio    {theirs['seconds'] / ours['seconds']:8.1f}")


if __name__ == "__main__":
    main()
