import json
from dataclasses import dataclass
from pathlib import Path

import pydantic

from headrace import flow, task
from headrace.serializers import CompressedSerializer, JSONSerializer, PickleSerializer, Serializer


@dataclass
class Point:
    x: int


class Model(pydantic.BaseModel):
    p: int


for serializer in (JSONSerializer(), PickleSerializer(), CompressedSerializer(serializer="json"), CompressedSerializer(serializer=PickleSerializer(), compressionlib="zlib")):
    data = serializer.dumps({"a": [1, None, True], "b": "é"})
    print(type(serializer).__name__, serializer.type, type(data).__name__, serializer.loads(data))
print(JSONSerializer().loads(JSONSerializer().dumps(Model(p=1))), JSONSerializer().loads(JSONSerializer().dumps(Path("a/b"))))
print(JSONSerializer(dumps_kwargs={"sort_keys": True}).dumps({"b": 1, "a": 2}))
print(Serializer(type="json") == JSONSerializer(), type(Serializer(type="compressed/json")).__name__)
for bad in (lambda: Serializer(type="nope"), lambda: JSONSerializer().dumps(object()), lambda: JSONSerializer(jsonlib="nope_lib")):
    try:
        bad()
        print("ok")
    except Exception as error:
        print(type(error).__name__)
