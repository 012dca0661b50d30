// Brings the definitions of the Gateway API, which are files of its module.
module ailtire.io/lab/gateway-api

go 1.26.0

require sigs.k8s.io/gateway-api v1.4.1 // indirect
