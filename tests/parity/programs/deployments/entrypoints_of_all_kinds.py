import sys
from pathlib import Path

from headrace.flows import load_flow_from_entrypoint
from headrace.exceptions import MissingFlowError

Path("mod.py").write_text("from headrace import flow\n\n@flow\ndef a():\n    return 'a'\n\nclass K:\n    @staticmethod\n    @flow\n    def s():\n        return 's'\n\nplain = 3\n")
sys.path.insert(0, ".")
print(load_flow_from_entrypoint("mod.py:a")(), load_flow_from_entrypoint("mod.a")())
print(load_flow_from_entrypoint("mod.py:K.s")())
for bad in ("mod.py:none", "mod.py:plain", "mod.none"):
    try:
        load_flow_from_entrypoint(bad)
        print("loaded")
    except Exception as error:
        print(type(error).__name__)
