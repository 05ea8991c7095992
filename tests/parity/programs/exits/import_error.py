from headrace import no_such_name

print("never")
