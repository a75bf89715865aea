// Two bits of one weight: a + b = 2 carry + sum. A module of its own, as the full adder.
module half_adder (
    input  logic a,
    input  logic b,
    output logic sum,
    output logic carry
);
  assign sum = a ^ b;
  assign carry = a & b;
endmodule
