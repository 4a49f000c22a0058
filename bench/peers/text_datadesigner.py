"""Asks an endpoint through data-designer: python text_datadesigner.py URL N IN_FLIGHT FOLDER BUFFER.

One text column over a row number. Prints a line of JSON: rows made, wall and CPU seconds of the whole process after its
imports, CPU seconds of the imports. A second run on the same FOLDER goes on from the rows that the first left.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

url, n, in_flight, folder, buffer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5])
import data_designer.config as dd  # noqa: E402
from data_designer.interface import DataDesigner  # noqa: E402

imported = time.process_time()
begun = time.perf_counter()
provider = dd.ModelProvider(name="local", endpoint=url, api_key="none")
model = dd.ModelConfig(
    alias="writer",
    model="any",
    provider="local",
    skip_health_check=True,
    inference_parameters=dd.ChatCompletionInferenceParams(max_parallel_requests=in_flight, max_tokens=64, timeout=120),
)
builder = dd.DataDesignerConfigBuilder(model_configs=[model])
span = dd.UniformSamplerParams(low=0, high=1)
builder.add_column(dd.SamplerColumnConfig(name="number", sampler_type=dd.SamplerType.UNIFORM, params=span))
builder.add_column(dd.LLMTextColumnConfig(name="text", model_alias="writer", prompt="Write about {{ number }}."))
designer = DataDesigner(artifact_path=folder, model_providers=[provider])
designer.set_run_config(dd.RunConfig(buffer_size=buffer, otel_metrics_port=None))
made = designer.create(builder, num_records=n, dataset_name="bench", resume=dd.ResumeMode.IF_POSSIBLE)
rows = made.load_dataset()
result = {
    "rows": int(rows["text"].notna().sum()),
    "wall": time.perf_counter() - begun,
    "cpu": time.process_time() - imported,
    "import_cpu": imported,
}
print("RESULT " + json.dumps(result))
