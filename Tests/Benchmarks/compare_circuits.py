#!/usr/bin/env python3
"""Compares the speed of probe's circuit analyses with TransformerLens 3, on GPT-2 small's shape and random weights.

    .build/release/probe init-random --out gpt2-random
    VENV3/bin/python Tests/Benchmarks/compare_circuits.py gpt2-random --probe .build/release/probe --json numbers.json

VENV3 holds transformer_lens 3.9 and transformers. Without --probe, TransformerLens is timed alone.

The setting: 2 threads, gradients off, OPENBLAS_CORETYPE unset. Both work in one process, each task once untimed, on a
model that is loaded; a figure is the median over rounds, of TransformerLens' OV circuits the median over heads spread
over the layers, times their number. probe's are those of `probe benchmark --circuits`.

Two threads on two busy cores wait for each other, and can take ten times as long. "Switches" is how often a second the
system took a core from TransformerLens, the most of any round: tens are usual, and with hundreds the time is not its
own. The fastest round is given as well. Composition makes tables of gigabytes, and so depends on the system's memory.
"""
import os
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")
import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from timeit import timeit

THREADS, VECTORS, TOKENS, HEADS = 2, 10, 20, 8
PROMPT, ANSWER, WRONG = [464, 2415, 373, 1762, 780, 11], 5, 9
STEPS = ("fold_ln", "center_writing_weights", "center_unembed", "fold_value_biases")  # the default ones
REFACTOR = "refactor_factored_attn_matrices"
PROBE = {  # what a task's name begins with in probe's benchmark
    "default processing": "processing, TransformerLens' four",
    "default processing and refactoring": "processing, all five",
    "OV circuits, one head": "OV of one head",
    "OV circuits, all heads": "OV of 144 heads",
    "composition scores, Q, K and V": "composition",
    "attribution by head": "attribution by head",
}


def seconds(body, *arguments):
    return timeit(lambda: body(*arguments), number=1)


class Lens:
    """TransformerLens with one checkpoint, processed as it is by default."""
    def __init__(self, folder, composition_layers):
        self.folder, self.composition_layers = folder, composition_layers
        self.weights = self.read()
        self.model = self.process(STEPS)[1]

    def read(self):
        """The checkpoint's weights in TransformerLens' layout, float32."""
        import torch
        from transformer_lens import HookedTransformerConfig
        from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
        from transformers import GPT2LMHeadModel
        source = GPT2LMHeadModel.from_pretrained(self.folder, dtype=torch.float32)
        shape = source.config
        self.shape = dict(
            n_layers=shape.n_layer, d_model=shape.n_embd, n_heads=shape.n_head, d_head=shape.n_embd // shape.n_head,
            d_mlp=shape.n_inner or 4 * shape.n_embd, n_ctx=shape.n_positions, d_vocab=shape.vocab_size,
            act_fn="gelu_new", eps=shape.layer_norm_epsilon, normalization_type="LN", device="cpu",
            init_weights=False)
        return convert_gpt2_weights(source, HookedTransformerConfig(**self.shape))

    def process(self, steps):
        """The seconds that loading and processing took, and the model."""
        from transformer_lens import HookedTransformer, HookedTransformerConfig
        model = HookedTransformer(HookedTransformerConfig(**self.shape))
        weights = {name: weight.clone() for name, weight in self.weights.items()}
        options = {step: step in steps for step in (*STEPS, REFACTOR)}
        return seconds(lambda: model.load_and_process_state_dict(weights, **options)), model

    def singular_tokens(self, layer, head):
        """The tokens that a head's OV circuit writes most."""
        from transformer_lens import SVDInterpreter
        vectors = SVDInterpreter(self.model).get_singular_vectors("OV", layer, num_vectors=VECTORS, head_index=head)
        return [vectors[:, 0, index].topk(TOKENS).indices.tolist() for index in range(VECTORS)]

    def circuits(self):
        """The seconds of all heads, by the median of some."""
        layers, heads = self.shape["n_layers"], self.shape["n_heads"]
        total = layers * heads
        chosen = range(0, total, max(1, total // HEADS + 1))  # not the same head of every layer
        return total * median(seconds(self.singular_tokens, *divmod(index, heads)) for index in chosen)

    def composition(self):
        """The seconds of all pairs of heads, or of those of the first layers, scaled to all pairs."""
        from transformer_lens.utilities import composition_scores
        layers = self.shape["n_layers"]
        if self.composition_layers >= layers:
            return sum(seconds(self.model.all_composition_scores, mode) for mode in "QKV")
        def score(mode):
            left, right = self.model.OV, self.model.OV if mode == "V" else self.model.QK
            some = slice(0, self.composition_layers)
            return composition_scores(left[some], (right.T if mode == "K" else right)[some])
        return (layers / self.composition_layers) ** 2 * sum(seconds(score, mode) for mode in "QKV")

    def attribution(self):
        import torch
        _, cache = self.model.run_with_cache(torch.tensor([PROMPT]))
        heads = cache.stack_head_results(layer=-1, pos_slice=-1)
        return cache.logit_attrs(heads, torch.tensor(ANSWER), torch.tensor(WRONG), pos_slice=-1)

    def tasks(self):
        yield "reading and converting", lambda: seconds(self.read)
        for title, steps in (("loading without processing", ()), ("loading, default processing", STEPS),
                             ("loading, default and refactoring", (*STEPS, REFACTOR))):
            yield title, lambda steps=steps: self.process(steps)[0]
        yield "OV circuits, all heads", self.circuits
        yield "composition scores, Q, K and V", self.composition
        yield "attribution by head", lambda: seconds(self.attribution)


def run_lens(options):
    import_time = -perf_counter()
    import torch
    import transformer_lens, transformers  # noqa: F401: for the time it takes
    import_time += perf_counter()
    torch.set_grad_enabled(False)
    torch.set_num_threads(THREADS)
    lens, times, peaks, switches = Lens(options.model, options.composition_layers), {}, {}, {}
    for turn in range(options.repeats + 1):  # the first warms up
        for title, task in lens.tasks():
            print(f"round {turn} of {options.repeats}: {title}", file=sys.stderr)
            before, start = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
            value = task()
            used, wall = resource.getrusage(resource.RUSAGE_SELF), perf_counter() - start
            peaks.setdefault(title, used.ru_maxrss / 2**20)
            if turn:
                times.setdefault(title, []).append(value)
                switches.setdefault(title, []).append((used.ru_nivcsw - before.ru_nivcsw) / wall)
    return import_time, times, peaks, switches


def run_probe(options):
    """The seconds of every task, and what they were measured with."""
    if not options.probe:
        return {}, "none"
    line = [options.probe, "benchmark", "--circuits", "--json", "--quiet", "--model", options.model,
            f"--threads={THREADS}", f"--repeats={options.repeats}"]
    report = json.loads(subprocess.run(line, check=True, stdout=subprocess.PIPE).stdout)
    times = {title: task["seconds"] for title, name in PROBE.items() for task in report["tasks"]
             if task["task"].startswith(name)}
    return times, (f"OpenBLAS kernel {report['blas_kernel']}, sgemm {report['sgemm_gflop_per_second']:.0f} GFLOP/s, "
                   f"peak {report['peak_memory_mb'] / 1024:.1f} GiB")


def describe(options):
    import torch
    cpu = next(line[13:] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(("OPENBLAS", "OMP", "MKL"))]
    print(f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} {' '.join(kept)}")
    print("- TransformerLens:", ", ".join(f"{name} {version(name)}" for name in
          ("transformer_lens", "transformers", "torch")), f"kernels {torch.backends.cpu.get_cpu_capability()},",
          f"{torch.get_num_threads()} threads, medians of {options.repeats}")
    try:
        from threadpoolctl import threadpool_info
        pools = [f"{pool['internal_api']} {pool['version']}: {pool['num_threads']} threads"
                 for pool in threadpool_info()]
    except ImportError:
        pools = [line.strip() for line in torch.__config__.parallel_info().splitlines()
                 if "threads()" in line or "Library" in line or "backend" in line]
    print("- threads:", "; ".join(pools))


def print_table(header, rows):
    text = lambda x: x if isinstance(x, str) else f"{x:.3f}" if x < 10 else f"{x:,.1f}"
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    print("", *("| " + " | ".join(map(text, line)) + " |" for line in lines), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GPT-2 checkpoint's folder")
    parser.add_argument("--probe", metavar="FILE", help="the program, such as .build/release/probe")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--composition-layers", type=int, default=99, metavar="NUMBER",
                        help="score the heads of the first few layers only, and scale (all of GPT-2 small takes "
                             "about 10 GB)")
    parser.add_argument("--json", metavar="FILE", help="save every number")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable()
    ours, setting = run_probe(options)
    import_time, times, peaks, switches = run_lens(options)
    describe(options)
    print("- probe:", setting)
    middle = {title: median(values) for title, values in times.items()}
    plain = middle["loading without processing"]
    middle["OV circuits, one head"] = middle["OV circuits, all heads"] / 144
    for title in ("default processing", "default processing and refactoring"):
        middle[title] = middle.pop(f"loading, {title.replace(' processing and', ' and')}") - plain
    rows = [[title, value, ours.get(title, ""), f"{value / ours[title]:.1f}×" if title in ours else "",
             f"{max(switches[title]):.0f}" if title in switches else ""] for title, value in middle.items()]
    print_table(["seconds", "TransformerLens", "probe", "ratio", "switches"], rows)
    print(f"\nImport: {import_time:.1f} s. Peak by the end: {max(peaks.values()):.1f} GiB.")
    if options.composition_layers < 12:
        print(f"Composition: measured on {options.composition_layers} layers and scaled by the number of pairs. That "
              "is rough: singular values go by head, and the tables of all layers go beyond the caches.")
    if options.json:
        Path(options.json).write_text(json.dumps({"transformer_lens": times, "probe": ours, "import": import_time,
                                                  "peak_gib": peaks, "switches_per_second": switches}, indent=1))


if __name__ == "__main__":
    main()
