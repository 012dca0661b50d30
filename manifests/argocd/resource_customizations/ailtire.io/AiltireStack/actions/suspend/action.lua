-- What runs keeps running, and the operator changes nothing until it is resumed.
obj.spec.suspend = true
return obj
