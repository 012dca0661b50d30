"""What a person may write (spec), read (status) and set (operator settings): typed, bounded, described."""
