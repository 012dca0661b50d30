"""What the project is made of: a check of what is locked against known vulnerabilities, and bills of materials (SBOMs).

``make audit`` and ``make sbom``. The programs for both are locked in requirements-tools.lock, and installed into an
environment of their own.
"""
