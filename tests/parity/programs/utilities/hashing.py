from headrace.utilities.hashing import hash_objects, stable_hash
from headrace.utilities.names import generate_slug

print(stable_hash("a", "b"), len(stable_hash("x")))
print(hash_objects({"a": 1}, [1, 2]) == hash_objects({"a": 1}, [1, 2]), hash_objects(1) == hash_objects(2))
print(len(generate_slug(2).split("-")))
