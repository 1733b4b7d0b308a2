// Owns the entry point: which command is meant.
console.log("everynode");
