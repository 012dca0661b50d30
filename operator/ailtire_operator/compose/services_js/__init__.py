"""Ailtire applications, whose services files are JavaScript, as AiltireStacks."""
