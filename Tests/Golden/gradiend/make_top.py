"""The largest weights of a feature as the Python package exports them (gradiend 0.2.3).

    HF_HUB_OFFLINE=1 PYTHON make_top.py

Reads gpt2/gradiend, a feature on all weights, and gpt2/pruned (of make_pruned.py), on some of them; writes gpt2/top.json, the rows
of export_topk_features by feature and part, and gpt2/top.csv, its file for the pruned feature's decoder weight.
"""
import json, pathlib
from gradiend.model.model_with_gradiend import ModelWithGradiend
from gradiend.model.param_mapped import ParamMappedGradiendModel

here = pathlib.Path(__file__).parent / "gpt2"


class Exporter:
    """The package's own methods, without a base model."""
    get_topk_feature_metadata = ModelWithGradiend.get_topk_feature_metadata
    export_topk_features = ModelWithGradiend.export_topk_features

    def __init__(self, folder):
        self.gradiend = ParamMappedGradiendModel.from_pretrained(str(here / folder))


golden = {}
for folder in ("gradiend", "pruned"):
    golden[folder] = {part: Exporter(folder).get_topk_feature_metadata(part=part, topk=6)
                      for part in ("encoder-weight", "decoder-weight", "decoder-bias", "decoder-sum")}
(here / "top.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
Exporter("pruned").export_topk_features(str(here / "top.csv"), part="decoder-weight", topk=6)
