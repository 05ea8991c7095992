from headrace.serializers import CompressedSerializer, JSONSerializer, PickleSerializer, Serializer

for serializer in (JSONSerializer(), PickleSerializer(), CompressedSerializer(serializer=JSONSerializer())):
    blob = serializer.dumps({"a": [1, 2]})
    print(serializer.type, type(blob).__name__, serializer.loads(blob))
print(JSONSerializer().dumps({"a": 1}))
print(repr(JSONSerializer()))
print(type(Serializer(type="json")).__name__, type(Serializer(type="compressed/pickle")).__name__)
try:
    Serializer(type="unknown")
except Exception as exc:
    print(type(exc).__name__)
