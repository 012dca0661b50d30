"""What the tests of the page's server share."""
