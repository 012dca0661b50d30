module ailtire.io/lab/programs

go 1.26.0
