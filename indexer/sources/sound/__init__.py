"""Files of sound: their tags, what lies beside them, and what is measured from the sound itself."""
