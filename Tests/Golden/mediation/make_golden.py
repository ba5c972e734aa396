"""Writes golden.json: mediation effects on a tiny GPT-2 with closed-form weights, in float64.

An independent forward pass in NumPy with the interventions of Vig et al. 2020. The
model is small enough to be remade from a formula, and some values are checked against those that
the published implementation gives for it.
"""

import json

import numpy as np

L, H, D, M, V, N = 3, 2, 8, 32, 20, 16


def uniform(t, count):
    z = (np.uint64(t) << np.uint64(32)) | np.arange(count, dtype=np.uint64)
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(48)).astype(np.float64) / 65536 - 0.5


def weights():
    made = []

    def make(shape, scale, offset=0.0):
        count = int(np.prod(shape))
        made.append(offset + scale * uniform(len(made), count).reshape(shape))
        return made[-1]

    model = {"wte": make((V, D), 2), "wpe": make((N, D), 1), "h": []}
    for _ in range(L):
        model["h"].append(
            {
                "ln1": (make(D, 0.5, 1), make(D, 0.5)),
                "qkv": (make((D, 3 * D), 2), make(3 * D, 0.5)),
                "o": (make((D, D), 2), make(D, 0.5)),
                "ln2": (make(D, 0.5, 1), make(D, 0.5)),
                "in": (make((D, M), 2), make(M, 0.5)),
                "out": (make((M, D), 2), make(D, 0.5)),
            }
        )
    model["lnf"] = (make(D, 0.5, 1), make(D, 0.5))
    return model


W = weights()


def norm(x, w):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * w[0] + w[1]


def gelu(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def run(tokens, edit=lambda site, x: x, override={}, seen=None, patterns=None):
    """Log-probabilities [pos, V]; edit changes embeddings (-1) and MLP outputs in place."""
    n = len(tokens)
    x = edit(-1, W["wte"][tokens].copy())
    if seen is not None:
        seen[-1] = x
    x = x + W["wpe"][:n]
    for layer, b in enumerate(W["h"]):
        qkv = norm(x, b["ln1"]) @ b["qkv"][0] + b["qkv"][1]
        q, k, v = (part.reshape(n, H, D // H).transpose(1, 0, 2) for part in np.split(qkv, 3, -1))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(D // H)
        scores[:, ~np.tril(np.ones((n, n), bool))] = -np.inf
        pattern = np.exp(scores - scores.max(-1, keepdims=True))
        pattern /= pattern.sum(-1, keepdims=True)
        for head in range(H):
            if (layer, head) in override:
                a = override[layer, head]
                pattern[head, : len(a), : len(a)] = a
        if patterns is not None:
            patterns.append(pattern.copy())
        z = (pattern @ v).transpose(1, 0, 2).reshape(n, D)
        x = x + z @ b["o"][0] + b["o"][1]
        mlp = gelu(norm(x, b["ln2"]) @ b["in"][0] + b["in"][1]) @ b["out"][0] + b["out"][1]
        mlp = edit(layer, mlp)
        if seen is not None:
            seen[layer] = mlp
        x = x + mlp
    logits = norm(x, W["lnf"]) @ W["wte"].T
    logits -= logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


HE, SHE, POS, MAN, WOMAN = 4, 6, 1, 5, 9
SITES = [-1, 0, 1, 2]
PLAIN = lambda site, x: x


class Prompt:
    def __init__(self, base, pos=POS):
        self.tokens = [list(base) for _ in range(3)]
        self.tokens[1][pos], self.tokens[2][pos] = MAN, WOMAN
        self.seen = [{} for _ in range(3)]
        self.p = [self.probabilities(t, seen=s) for t, s in zip(self.tokens, self.seen)]

    @staticmethod
    def probabilities(tokens, **options):
        return np.exp(run(tokens, **options)[-1, [HE, SHE]])

    def ratio(self, kind, units, alpha=1.0):
        """units: pairs (site, neuron or None for all)."""
        base, man, woman = (
            {s: seen[s][POS].copy() for s in SITES} for seen in self.seen
        )

        def edit(site, x):
            for s, j in units:
                if s != site:
                    continue
                j = slice(None) if j is None else j
                old = x[POS, j]
                x[POS, j] = {
                    "man_minus_woman": old + alpha * (man[s][j] - woman[s][j]),
                    "woman_minus_man": old + alpha * (woman[s][j] - man[s][j]),
                    "man_indirect": alpha * man[s][j],
                    "woman_indirect": alpha * woman[s][j],
                    "man_direct": alpha * base[s][j],
                    "woman_direct": alpha * base[s][j],
                }[kind]
            return x

        context = {"man_direct": 1, "woman_direct": 2}.get(kind, 0)
        p = self.probabilities(self.tokens[context], edit=edit)
        towards = lambda p: p[0] / p[1] if kind.startswith("man") else p[1] / p[0]
        return towards(p) / towards(self.p[0])


KINDS = [
    "man_indirect", "man_direct", "woman_indirect", "woman_direct", "man_minus_woman",
    "woman_minus_man",
]
golden = {"checks": {"wte": W["wte"].sum(), "wpe": W["wpe"].sum()}}
prompt = Prompt([3, 7, 11, 2])
golden["neurons"] = {
    "probabilities": [p.tolist() for p in prompt.p],
    "ratios": {
        kind: [[prompt.ratio(kind, [(s, j)]) for j in range(D)] for s in SITES] for kind in KINDS
    },
    "alpha": [
        prompt.ratio("man_minus_woman", [(-1, 0)], 0.5),
        prompt.ratio("man_indirect", [(0, 1)], 2),
        prompt.ratio("man_minus_woman", [(0, 1), (1, 6)], 2),
    ],
    "set": [
        prompt.ratio(kind, [(-1, 0), (-1, 5), (0, 2), (1, 7)])
        for kind in ["man_indirect", "man_direct"]
    ],
    "whole sites": [prompt.ratio("man_indirect", [(s, None)]) for s in SITES],
    "all sites": prompt.ratio("man_indirect", [(s, None) for s in SITES]),
}
assert abs(golden["neurons"]["ratios"]["man_indirect"][0][0] - 0.46014174) < 1e-8
assert abs(golden["neurons"]["set"][1] - 0.1556323054) < 1e-10


class Item:
    def __init__(self, x, other, candidates):
        self.inputs, self.candidates = [x, other], candidates
        self.patterns = []
        for tokens in self.inputs:
            self.patterns.append([])
            run(tokens, patterns=self.patterns[-1])
        self.odds = [self.measure(t) for t in self.inputs]

    def scores(self, tokens, override={}):
        result = []
        for c in self.candidates:
            log_p = run(tokens + c[:-1], override=override)
            start = len(tokens) - 1
            result.append(np.exp(np.mean([log_p[start + i, t] for i, t in enumerate(c)])))
        return result

    def measure(self, tokens, override={}):
        p = self.scores(tokens, override)
        return p[1] / p[0]

    def effect(self, heads, direct=False):
        target, source = (1, 0) if direct else (0, 1)
        override = {(l, h): self.patterns[source][l][h] for l, h in heads}
        return self.measure(self.inputs[target], override) / self.odds[0] - 1


HEADS = [(l, h) for l in range(L) for h in range(H)]
items = [
    Item([3, 7, 11, 2, 8, 4], [3, 7, 11, 2, 8, 6], [[10, 1, 13], [12, 0]]),
    Item([5, 15, 1, 4], [5, 15, 1, 6], [[2], [17, 9]]),
    Item([14, 0, 9, 16, 3, 7, 4], [14, 0, 9, 16, 3, 7, 6], [[18, 5, 8, 1], [11, 19, 3]]),
]
golden["items"] = []
for item in items:
    effects = lambda direct: {
        "head": [[item.effect([(l, h)], direct) for h in range(H)] for l in range(L)],
        "layer": [item.effect([(l, h) for h in range(H)], direct) for l in range(L)],
        "model": item.effect(HEADS, direct),
    }
    golden["items"].append(
        {
            "inputs": item.inputs,
            "candidates": item.candidates,
            "scores": [[float(p) for p in item.scores(t)] for t in item.inputs],
            "total": item.odds[1] / item.odds[0] - 1,
            "indirect": effects(False),
            "direct": effects(True),
        }
    )
assert abs(golden["items"][0]["total"] + 0.8870220578) < 1e-9
assert abs(golden["items"][0]["direct"]["model"] + 0.7179497201) < 1e-9


def choose(parts, objective, algorithm):
    """Parts in the order in which they are chosen, with the objective of each set so far."""
    rest, chosen, values = list(parts), [], []
    single = {p: objective([p]) for p in parts}
    while rest:
        gains = single if algorithm == "top-k" else {p: objective(chosen + [p]) for p in rest}
        best = max(rest, key=lambda p: gains[p])
        rest.remove(best)
        chosen.append(best)
        values.append(objective(chosen))
    return {"parts": chosen, "values": values}


mean_effect = lambda heads: float(np.mean([i.effect(heads) for i in items]))
golden["heads"] = {a: choose(HEADS, mean_effect, a) for a in ["top-k", "greedy"]}
golden["heads"]["single"] = [mean_effect([h]) for h in HEADS]

pool = []
for tail in [[11, 2], [16, 8, 1]]:
    pool += [(Prompt([3, p] + tail), "man_indirect") for p in [7, 12]]
    pool += [(Prompt([3, p] + tail), "woman_indirect") for p in [15, 18, 10]]
mean_ratio = lambda units: float(np.mean([p.ratio(kind, units) for p, kind in pool])) - 1
neurons = [(s, j) for s in SITES for j in range(D)]
single = {u: mean_ratio([u]) for u in neurons}
order = sorted(neurons, key=lambda u: (-single[u], u))
block = [u for u in order if u[0] == 0]
greedy = []
for _ in range(4):
    rest = [u for u in neurons if u not in greedy]
    greedy.append(max(rest, key=lambda u: mean_ratio(greedy + [u])))
golden["selected neurons"] = {
    "single": [single[u] for u in neurons],
    "top-k": {"parts": order[:4], "values": [mean_ratio(order[: i + 1]) for i in range(4)]},
    "greedy": {"parts": greedy, "values": [mean_ratio(greedy[: i + 1]) for i in range(4)]},
    "top-k of block 0": {
        "parts": block[:3], "values": [mean_ratio(block[: i + 1]) for i in range(3)],
    },
    "whole sites": [mean_ratio([(s, None)]) for s in SITES],
}
assert abs(golden["selected neurons"]["top-k"]["values"][3] - 0.5540669391) < 1e-9
assert abs(golden["heads"]["greedy"]["values"][3] + 0.1701205088) < 1e-9
assert abs(golden["selected neurons"]["greedy"]["values"][3] - 2.9281276362) < 1e-9

with open("golden.json", "w") as file:
    json.dump(golden, file, indent=1)
