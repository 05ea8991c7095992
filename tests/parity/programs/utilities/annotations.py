from headrace.utilities.annotations import BaseAnnotation, NotSet, allow_failure, freeze, quote, unmapped

for annotation in (unmapped, allow_failure, quote):
    wrapped = annotation([1])
    print(annotation.__name__, wrapped.unwrap(), wrapped.value, isinstance(wrapped, BaseAnnotation), wrapped == annotation([1]))
print(unmapped(5)[100], freeze(3).unfreeze(), NotSet.__name__)
