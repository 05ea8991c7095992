from headrace.transactions import transaction

with transaction() as outer:
    outer.set("a", 1)
    with transaction() as inner:
        print(inner.get("a"))
        inner.set("a", 2)
        print(inner.get("a"), outer.get("a"))
    print(outer.get("a"))
