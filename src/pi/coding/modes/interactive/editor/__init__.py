"""Where the person writes: keys as terminals send them, text and undo, completions, history."""
