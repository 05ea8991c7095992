from headrace import tags
from headrace.context import TagsContext

print(TagsContext.get().current_tags)
with tags("a", "b") as current:
    print(sorted(current))
    with tags("b", "c") as inner:
        print(sorted(inner), sorted(TagsContext.get().current_tags))
    print(sorted(TagsContext.get().current_tags))
    try:
        with tags("x"):
            raise ValueError
    except ValueError:
        print(sorted(TagsContext.get().current_tags))
print(TagsContext.get().current_tags)
