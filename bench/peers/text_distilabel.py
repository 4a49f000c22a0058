"""Asks an endpoint through distilabel: python text_distilabel.py URL N IN_FLIGHT FOLDER.

One text step over row numbers, its batch as large as the requests in flight. Prints a line of JSON: rows made, wall
and CPU seconds of the whole process and its children after its imports, CPU seconds of the imports. A second run on
the same FOLDER uses its cache.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration


def main() -> None:
    url, n, in_flight, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    imported, begun = time.process_time(), time.perf_counter()
    with Pipeline(name="bench", cache_dir=folder) as pipeline:
        data = [{"instruction": f"Write about {i}."} for i in range(n)]
        load = LoadDataFromDicts(data=data, batch_size=in_flight)
        llm = OpenAILLM(model="any", base_url=url, api_key="none", max_retries=6, timeout=120)
        load >> TextGeneration(llm=llm, input_batch_size=in_flight)
    made = pipeline.run(use_cache=True)
    texts = made["default"]["train"]["generation"]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "rows": sum(text is not None for text in texts),
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - imported + ended.ru_utime + ended.ru_stime,
        "import_cpu": imported,
    }
    print("RESULT " + json.dumps(result))


if __name__ == "__main__":
    main()
