import pathlib

from headrace.flows import load_flow_from_entrypoint

pathlib.Path("other.py").write_text("from headrace import flow\n\n@flow(name='loaded')\ndef f(x: int = 1):\n    return x + 1\n")
loaded = load_flow_from_entrypoint("other.py:f")
print(loaded.name, loaded(2))
try:
    load_flow_from_entrypoint("other.py:nothing")
except Exception as exc:
    print(type(exc).__name__)
