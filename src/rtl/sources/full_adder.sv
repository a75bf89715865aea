// Three bits of one weight to two: a + b + c = 2 carry + sum. A module of its own, so that synthesis can put the
// library's full-adder cell in its place.
module full_adder (
    input  logic a,
    input  logic b,
    input  logic c,
    output logic sum,
    output logic carry
);
  assign sum = a ^ b ^ c;
  assign carry = (a & b) | (c & (a ^ b));
endmodule
