from headrace.blocks.system import Secret

secret = Secret(value="hunter2")
print(secret.get(), secret.value)
secret.save("parity-secret", overwrite=True)
loaded = Secret.load("parity-secret")
print(loaded.get(), "hunter2" in repr(loaded), "hunter2" in str(loaded))
print(Secret(value={"a": 1}).get())
Secret.delete("parity-secret")
